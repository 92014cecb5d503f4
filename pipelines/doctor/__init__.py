"""`newsbeam doctor`: what is looked at before a run, a module for each place that can be wrong."""
