//! The shapes as the data has them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

/// One service's operations, and the shapes that their inputs are made of.
#[derive(Debug, Deserialize)]
pub struct Model {
    pub operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

/// An operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// The shape of its input; none where it takes nothing.
    pub input: Option<String>,
    /// The codes of its own errors, without the service's common ones.
    #[serde(default)]
    pub errors: Vec<String>,
}

/// A shape, by its type in the model.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Shape {
    Structure {
        /// The shapes of its members, by their names on the wire.
        members: BTreeMap<String, String>,
        #[serde(default)]
        required: Vec<String>,
        /// Exactly one member has a value.
        #[serde(default)]
        union: bool,
    },
    List {
        member: String,
        #[serde(flatten)]
        size: Size,
    },
    Map {
        key: String,
        value: String,
        #[serde(flatten)]
        size: Size,
    },
    String {
        #[serde(default, rename = "enum")]
        values: Vec<String>,
        pattern: Option<Pattern>,
        #[serde(flatten)]
        size: Size,
    },
    /// Of 32 bits.
    Integer {
        #[serde(flatten)]
        size: Size,
    },
    /// Of 64 bits.
    Long {
        #[serde(flatten)]
        size: Size,
    },
    #[serde(alias = "float")]
    Double {
        #[serde(flatten)]
        size: Size,
    },
    Boolean {},
    Timestamp {},
    Blob {},
}

/// The least and the most: of a list's items, a map's pairs, a text's characters, a number's value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Deserialize)]
pub struct Size {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// What a whole text has to match.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    pub text: String,
    whole: Regex,
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Pattern, regex::Error> {
        let whole = Regex::new(&format!(r"\A(?:{text})\z"))?;
        Ok(Pattern { text, whole })
    }
}

impl Pattern {
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

impl Model {
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// A shape by its name.
    ///
    /// # Panics
    /// Where the data names a shape that it does not have, which a test rules out.
    pub fn shape(&self, name: &str) -> &Shape {
        self.shapes.get(name).unwrap_or_else(|| panic!("the data has no shape {name}"))
    }
}

const DATA: [(&str, &str); 5] = [
    ("codepipeline", include_str!("data/codepipeline.json")),
    ("ecr", include_str!("data/ecr.json")),
    ("ecs", include_str!("data/ecs.json")),
    ("inspector2", include_str!("data/inspector2.json")),
    ("sts", include_str!("data/sts.json")),
];

/// The services of which there is data, by the names that botocore gives them.
#[cfg(test)]
pub(super) fn services() -> impl Iterator<Item = &'static str> {
    DATA.iter().map(|(name, _)| *name)
}

/// A service's model, by its name in botocore, which is that in a signature's scope.
pub fn of(service: &str) -> Option<&'static Model> {
    static MODELS: [OnceLock<Model>; DATA.len()] = [const { OnceLock::new() }; DATA.len()];
    let at = DATA.iter().position(|(name, _)| *name == service)?;
    Some(MODELS[at].get_or_init(|| {
        serde_json::from_str(DATA[at].1).unwrap_or_else(|e| panic!("the shapes of {service} are data of kanmon: {e}"))
    }))
}
