//! What is wrong with the layer of a base, through readers whose errors are the system's.

use std::io::{Error, ErrorKind};

use crate::model::fault::build::LayerFlaw;

#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
struct Flawed(LayerFlaw);

/// An error that carries a flaw.
pub fn invalid(flaw: LayerFlaw) -> Error {
    Error::new(ErrorKind::InvalidData, Flawed(flaw))
}

/// The flaw that an error carries; `None` for an error of the system or of a decompressor.
pub fn of(error: &Error) -> Option<LayerFlaw> {
    error.get_ref()?.downcast_ref::<Flawed>().map(|Flawed(flaw)| *flaw)
}
