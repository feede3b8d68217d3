"""Models with crossed random effects: their structure, likelihoods and degrees of freedom."""
