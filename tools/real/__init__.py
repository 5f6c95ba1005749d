"""The tools that our exported files are for, from sources or wheels: what each takes of a file beside what was meant."""
