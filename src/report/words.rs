//! What people read about one thing that went wrong, or came to its end.

/// A sentence, why it is so, and what to do. Nothing in it has a line end that the terminal has to keep, but for what is to be pasted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// What is the matter: subject, verb, object; no full stop.
    pub sentence: String,
    /// Why, often in the other side's own words.
    pub cause: Option<String>,
    /// One instruction each, in the order in which they are tried. A command to type stands in backticks.
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
