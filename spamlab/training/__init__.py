"""Training: samples, the loop, and what each method learns from; ``spamlab train`` runs it.

Nothing is imported here but torch, numba, numpy, scipy, scikit-image, safetensors and tqdm, so that it runs
on a bare machine with a GPU.

===============  ===================================================================
`recipe`         what decides a training, in plain numbers
`lnsnet_recipe`  the same for LNS-Net
`lnsnet_steps`   how LNS-Net learns one picture
`samples`        pictures in memory, cut, scaled and flipped into batches
`pieces`         what one step learns from: a batch, cells laid out on it, soft superpixels
`loop`           the loop: averaged weights, validation, stop and go on
`folder`         whole files, and no two recipes in one folder
`stop`           Ctrl-C between two steps, not inside one
`processes`      the same command under ``torchrun``
`ssn`            SSN: its loss and validation; what the other methods share
`spam`           SPAM: the same on its own seeds
`segments`       superpixels and segments: the same
`lnsnet`         LNS-Net: one picture after another, without labels; one picture more
===============  ===================================================================
"""
