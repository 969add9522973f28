//! What a member of the JSON output looks like.

use serde_json::{Map, Value, json};

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub name: &'static str,
    /// Whether it is always there.
    pub always: bool,
    pub shape: Shape,
    /// What it means, a clause.
    pub about: &'static str,
}

/// A member that is always there. (A constant as a part of another has to be a literal, not a call.)
macro_rules! always {
    ($name:expr, $shape:expr, $about:expr $(,)?) => {
        $crate::report::output::shape::Member { name: $name, always: true, shape: $shape, about: $about }
    };
}

/// A member that is there where it has a value.
macro_rules! sometimes {
    ($name:expr, $shape:expr, $about:expr $(,)?) => {
        $crate::report::output::shape::Member { name: $name, always: false, shape: $shape, about: $about }
    };
}

pub(super) use {always, sometimes};

#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Text,
    /// RFC 3339, in UTC.
    Time,
    Whole,
    Boolean,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An object whose member of this name says which other members it has. The codes are those of `kanmon help codes`.
    By(&'static str),
    /// An object whose members follow the pipeline file, or AWS.
    Other,
    /// This, or null.
    OrNull(&'static Shape),
    List(&'static Shape),
    /// Values by a name.
    Names(&'static Shape),
    Object(&'static [Member]),
}

impl Shape {
    /// The JSON Schema.
    pub fn schema(self) -> Value {
        match self {
            Shape::Text => json!({ "type": "string" }),
            Shape::Time => json!({ "type": "string", "format": "date-time" }),
            Shape::Whole => json!({ "type": "integer" }),
            Shape::Boolean => json!({ "type": "boolean" }),
            Shape::OneOf(words) => json!({ "enum": words }),
            Shape::By(member) => json!({
                "type": "object", "properties": { member: { "type": "string" } }, "required": [member],
            }),
            Shape::Other => json!({ "type": "object" }),
            Shape::OrNull(shape) => json!({ "anyOf": [shape.schema(), { "type": "null" }] }),
            Shape::List(shape) => json!({ "type": "array", "items": shape.schema() }),
            Shape::Names(shape) => json!({ "type": "object", "additionalProperties": shape.schema() }),
            Shape::Object(members) => object(members),
        }
    }
}

/// The JSON Schema of an object with these members and no others.
pub fn object(members: &[Member]) -> Value {
    let property = |member: &Member| {
        let mut schema = member.shape.schema();
        schema["description"] = json!(member.about);
        (member.name.to_owned(), schema)
    };
    let required: Vec<&str> = members.iter().filter(|member| member.always).map(|member| member.name).collect();
    json!({
        "type": "object",
        "properties": members.iter().map(property).collect::<Map<_, _>>(),
        "required": required,
        "additionalProperties": false,
    })
}
