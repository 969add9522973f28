//! The words for a value that is not a valid id or name.

use crate::model::ids::{IdError, IdKind};

/// What the value should be.
pub fn sentence(error: &IdError) -> String {
    format!("`{}` is not {}", error.found, expected(error.expected))
}

fn expected(kind: IdKind) -> &'static str {
    match kind {
        IdKind::AccountId => "an AWS account id (12 digits)",
        IdKind::Region => "an AWS region such as ap-northeast-1",
        IdKind::Digest => "a digest (sha256: and 64 hex digits)",
        IdKind::ReleaseId => "a release id such as r20260131-094500-1a2b3c",
        IdKind::PlanHash => "a plan hash (64 hex digits)",
        IdKind::ContentHash => "a content hash (64 hex digits)",
        IdKind::Name => "a valid name (letters, digits, - _ .; at most 63)",
        IdKind::StateLocation => "a valid location for state",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::AccountId;

    #[test]
    fn an_invalid_id_is_shown_with_what_is_expected() {
        let error = "12345678901".parse::<AccountId>().unwrap_err();
        assert_eq!(sentence(&error), "`12345678901` is not an AWS account id (12 digits)");
    }
}
