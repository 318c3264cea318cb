"""The warehouse in one file on a laptop: the same tables and views as in the cloud."""
