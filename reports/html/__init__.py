"""The report as one file, index.html: everything in it, nothing fetched. One part of the page stands in each file."""
