//! What people read about a failure or an ending.

/// A sentence, its cause, and hints. Only text to paste contains line ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// What happened: subject, verb, object; no full stop.
    pub sentence: String,
    /// Why; often AWS's or another program's own text.
    pub cause: Option<String>,
    /// One instruction each, in the order to try them. A command to type is in backticks.
    pub hints: Vec<String>,
}

impl Words {
    pub fn new(sentence: impl Into<String>) -> Words {
        Words { sentence: sentence.into(), cause: None, hints: Vec::new() }
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Words {
        self.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Words {
        self.hints.push(hint.into());
        self
    }

    /// The sentence and its cause in one line.
    pub fn line(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {cause}", self.sentence),
            None => self.sentence.clone(),
        }
    }
}
