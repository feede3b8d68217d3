"""One blueprint a concern: participant, media, researcher, api."""
