"""The lab's campaigns: long measurements and series of accidents, each in its own lab."""
