"""The lab's campaigns: long measurements and series of accidents, each in a lab of its own."""
