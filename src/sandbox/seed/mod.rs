//! What is in the world before the first call: accounts with their principals, repositories, clusters, pipelines, and
//! what scans find. A person writes it as YAML; unknown keys are errors.

mod apply;
mod document;
pub(super) mod entries;

#[cfg(test)]
mod tests;

pub use document::{Account, Address, Key, Registry, Repository, Role, Seed, User};

/// A seed that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// The document does not have the seed's form; the message has the position.
    #[error("{0}")]
    Form(String),
    #[error("{at}: {why}")]
    Content { at: String, why: String },
}

/// The built-in seed: a dev and a prod account, as the demo has them.
const DEMO: &str = include_str!("demo.yaml");

impl Seed {
    /// Reads a seed from YAML or JSON.
    pub fn read(text: &str) -> Result<Seed, SeedError> {
        serde_saphyr::from_str(text).map_err(|e| SeedError::Form(e.to_string()))
    }

    /// The text of the built-in seed.
    pub fn demo_text() -> &'static str {
        DEMO
    }

    /// The built-in seed.
    pub fn demo() -> Seed {
        Seed::read(DEMO).expect("the built-in seed is tested")
    }
}
