//! Faults in words: the only place that writes sentences, causes and hints about them.

use super::words::Words;
use crate::model::fault::{Fault, Problem};

/// What people read about a fault.
pub fn words(fault: &Fault) -> Words {
    let words = match &fault.problem {
        Problem::Told { sentence, hint, .. } => {
            let hints = hint.iter().cloned().collect();
            Words { sentence: sentence.clone(), cause: None, hints }
        }
    };
    Words { cause: words.cause.or_else(|| fault.said.clone()), ..words }
}

/// The words, for rooms that still read them.
impl Fault {
    pub fn told(&self) -> Words {
        words(self)
    }

    pub fn told_sentence(&self) -> String {
        self.told().sentence
    }

    pub fn told_cause(&self) -> Option<String> {
        self.told().cause
    }

    pub fn told_hint(&self) -> Option<String> {
        let hints = self.told().hints;
        (!hints.is_empty()).then(|| hints.join("\n"))
    }
}
