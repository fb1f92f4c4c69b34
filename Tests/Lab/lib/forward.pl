# Runs nsenter (the arguments) and hands signals on to the command behind it, because nsenter
# itself dies of them and leaves the command running. Exits as the command did.
use strict;
use warnings;
use constant { PRCTL => 157, SET_PARENT_DEATH_SIGNAL => 1, SIGKILL => 9 };

my $child = fork() // die "fork: $!";
if ($child == 0) {
    # kill -9 on this program must end the command as well.
    syscall(PRCTL, SET_PARENT_DEATH_SIGNAL, SIGKILL, 0, 0, 0);
    exec { $ARGV[0] } @ARGV or die "lab: $ARGV[0]: $!\n";
}

sub forward {
    my ($name) = @_;
    # From a terminal the whole process group already got it.
    return if ($name eq 'INT' || $name eq 'QUIT') && -t STDIN;
    if (open my $children, '<', "/proc/$child/task/$child/children") {
        my @below = split ' ', (<$children> // '');
        kill $name, @below ? @below : $child;
    }
}
$SIG{$_} = \&forward for qw(INT TERM HUP QUIT USR1 USR2);

my $ended = 0;
while ($ended != $child) {
    $ended = waitpid $child, 0;
}
my $signal = $? & 127;
if ($signal) {
    $SIG{$signal == 2 ? 'INT' : $signal == 15 ? 'TERM' : 'HUP'} = 'DEFAULT';
    kill $signal, $$;
    exit 128 + $signal;
}
exit $? >> 8;
