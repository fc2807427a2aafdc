"""Heat maps: which parts of a picture spoke for an answer, by Grad-CAM or by hiding them."""
