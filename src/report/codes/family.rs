//! The codes of one member of the JSON output.

/// A code and its meaning, a clause.
pub type Code = (&'static str, &'static str);

/// The codes that one type of the record or of the JSON output can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// What the codes answer and which member they are in, for people.
    pub heading: &'static str,
    pub codes: &'static [Code],
}
