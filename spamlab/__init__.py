"""spamlab: superpixels from SLIC to the Superpixel Anything Model, in files short enough to read.

Every method answers four questions: what describes a pixel (`features`), where do centres start (`seeds`),
which centres may a pixel join (`candidates`), and how does it join. Each method lives in the file of its
name and is imported from there: ``from spamlab.slic import slic``.

===============  ====================================================================
`paths`          where shipped data, weights and the user's cache lie
`features`       the one door for pictures (`as_image`); image -> features of its pixels
`seeds`          where centres start
`candidates`     which centres a pixel may join
`cluster`        the loop of the learned methods: soft k-means over candidate lists, with gradients
`regions`        label maps: connectivity, adjacency, region means, relabelling
`masks`          proposals that overlap: run lengths, the JSON files of SA-1B, label maps
`objects`        masks from any source -> object map: what is one object, what is in doubt
`metrics`        one contingency table and one boundary map -> every score
`slic`           SLIC, SLICO and maskSLIC (Achanta et al., 2012; Irving, 2016)
`snic`           SNIC (Achanta and Suesstrunk, 2017)
`ssn`            SSN (Jampani et al., 2018): the network, its weights and losses, and the method
`segments`       superpixels and segments from one network (Wang, Li and Zhang, 2020)
`lnsnet`         LNS-Net (Zhu et al., 2021): a network that learns without labels, and seeds that move once
`saliency`       where people look, without training: robust background detection, spectral residual
`spam`           SPAM (Walther et al., 2025): superpixels that respect objects
`refine`         better borders for any semantic segmentation: superpixels vote
`clicks`         weights by clicks, annotation by clicks on superpixels, and how many clicks it takes
`models`         pretrained networks of others: SAM, DINO, segmentation; nothing downloaded unasked
`data`           images, synthetic scenes, data sets: readers, checksums, `fetch`
`plot`           pictures that carry their own sentence
`widgets`        sliders and clicks over pure functions
`exercises`      `check` an answer and name the mistake; copies of the course for students
`benchmark`      a method over a data set -> scores at the number of superpixels obtained
`training`       what trains the learned methods; it stops when told and goes on later
`cli`            ``spamlab segment``, ``benchmark``, ``train`` and ``fetch`` on the command line
`testing`        sweep of a demo's controls; baking of notebooks
`ready`          is the installation ready? with a remedy for each problem
`start`          ``python -m spamlab.start``: set up and open the course, or test it
===============  ====================================================================
"""
