"""TensorFlow without Keras: `tf.nn`, `tf.pad`, channels last; cheap per call."""
