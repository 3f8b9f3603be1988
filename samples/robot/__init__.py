"""A sample robot: it tags the study design of references by what their titles and abstracts say."""
