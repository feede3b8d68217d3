"""The commands on songs, mixes and stimuli: parse, call one function, print."""
