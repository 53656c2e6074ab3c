"""The services of Một Cửa, what they say to each other (`contracts`) and how they run (`chassis`)."""
