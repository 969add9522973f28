//! Inspector's filters: values of one field are alternatives, fields all have to match.

use serde_json::{Map, Value};

use crate::sandbox::service::AwsError;

/// What a row has under a field's name.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    Texts(Vec<String>),
    /// A number, or a time in seconds since 1970.
    Number(f64),
    /// Parts with names of their own, which a filter's members are compared with.
    Parts(Vec<(&'static str, Field)>),
    /// A field of the model that this row has no value of.
    Absent,
}

impl From<&str> for Field {
    fn from(s: &str) -> Field {
        Field::Texts(vec![s.to_owned()])
    }
}

/// The criteria of an input.
pub struct Criteria<'a>(Option<&'a Map<String, Value>>);

impl<'a> Criteria<'a> {
    pub fn of(input: &'a Value) -> Criteria<'a> {
        Criteria(input.get("filterCriteria").and_then(Value::as_object))
    }

    /// Whether a row whose fields `field` answers passes.
    pub fn pass(&self, field: impl Fn(&str) -> Field) -> bool {
        let all = self.0.into_iter().flatten();
        let mut all = all.filter_map(|(name, filters)| Some((name, filters.as_array()?)));
        all.all(|(name, filters)| passes(filters, &field(name)))
    }
}

fn passes(filters: &[Value], field: &Field) -> bool {
    let excluded = filters.iter().any(|f| comparison(f) == "NOT_EQUALS" && value_matches(f, field));
    let mut wanted = filters.iter().filter(|f| comparison(f) != "NOT_EQUALS").peekable();
    let any = wanted.peek().is_none() || wanted.any(|f| value_matches(f, field));
    any && !excluded
}

fn comparison(filter: &Value) -> &str {
    filter.get("comparison").and_then(Value::as_str).unwrap_or_default()
}

fn value_matches(filter: &Value, field: &Field) -> bool {
    match field {
        Field::Absent => false,
        Field::Parts(parts) => filter.as_object().into_iter().flatten().all(|(name, wanted)| {
            let part = parts.iter().find(|(part, _)| part == name).map_or(&Field::Absent, |(_, field)| field);
            value_matches(wanted, part) != (comparison(wanted) == "NOT_EQUALS")
        }),
        Field::Texts(has) => {
            let wanted = filter.get("value").and_then(Value::as_str).unwrap_or_default();
            has.iter().any(|h| if comparison(filter) == "PREFIX" { h.starts_with(wanted) } else { h == wanted })
        }
        Field::Number(has) => {
            let bound = |names: [&str; 2]| names.iter().find_map(|n| filter.get(*n)?.as_f64());
            bound(["lowerInclusive", "startInclusive"]).is_none_or(|low| *has >= low)
                && bound(["upperInclusive", "endInclusive"]).is_none_or(|high| *has <= high)
        }
    }
}

pub fn invalid(message: impl Into<String>) -> AwsError {
    let mut error = AwsError::new("ValidationException", message);
    error.extra.insert("reason".to_owned(), "FIELD_VALIDATION_FAILED".into());
    error
}
