"""Songs in; loudness-matched sound files and a manifest out."""
