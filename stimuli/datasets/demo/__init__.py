"""Demo songs: composed by seeded code, played by sampled instruments, mixed by a seeded engineer.

`form` plans a song in one of the `styles`, `players` and the `drummer` turn the plan into notes,
the `sampler` plays them with the recordings of a `soundfont`, `microphones` and `recording` make
tracks of it, the `engineer` sets a console, and the `songbook` puts songs on disk.
"""
