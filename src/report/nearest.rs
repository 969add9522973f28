//! The hint about a name that was probably mistyped.

use crate::model::nearest::nearest;

/// How many names fit into a hint.
const LISTED: usize = 20;

/// `did you mean …?`, or the valid names.
pub fn hint<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.into_iter().collect();
    match nearest(given, names.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if names.is_empty() => None,
        None => Some(format!("use one of: {}", names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_nearest_or_all() {
        let keys = ["region", "role", "id", "external_id"];
        assert_eq!(hint("regoin", keys).unwrap(), "did you mean `region`?");
        assert_eq!(hint("colour", keys).unwrap(), "use one of: region, role, id, external_id");
        assert_eq!(hint("colour", []), None);
    }
}
