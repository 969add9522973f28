//! The name that was probably meant.

use crate::model::fault::{Fault, FaultKind};
use crate::model::nearest::distance;
use crate::model::pipeline::Account;

/// The name with the smallest edit distance to `wanted`, the first in alphabetical order where several are as near.
pub(super) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names.into_iter().min_by_key(|n| (distance(&wanted.to_lowercase(), &n.to_lowercase()), *n))
}

/// A `NotFound` that names what is there instead; `names`: `None` where it could not be listed.
pub(super) fn not_found(what: &str, wanted: &str, account: &Account, names: Option<&[String]>) -> Fault {
    not_found_in(&place(account), what, wanted, names)
}

/// The same, somewhere within an account.
pub(super) fn not_found_in(place: &str, what: &str, wanted: &str, names: Option<&[String]>) -> Fault {
    if names.is_some_and(|names| names.iter().any(|n| n == wanted)) {
        // It may have been made just now; the next answer tells.
        let sentence = format!("AWS lists the {what} `{wanted}` in {place} and says that it does not exist");
        return Fault::new(FaultKind::Unreachable, sentence);
    }
    let fault = Fault::new(FaultKind::NotFound, format!("there is no {what} `{wanted}` in {place}"));
    match names {
        None => fault,
        Some(names) => match nearest(wanted, names.iter().map(String::as_str)) {
            Some(name) => fault.hint(format!("the nearest name there is `{name}`")),
            None => fault.hint(format!("there is no {what} at all in {place}: is it the right account and region?")),
        },
    }
}

/// An account, in words that tell it from every other.
pub(super) fn place(account: &Account) -> String {
    format!("account {} ({}, {})", account.name, account.id, account.region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::account;

    #[test]
    fn the_fewest_edits_win() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("asset-manger", ["billing", "asset-manager", "asset"]), Some("asset-manager"));
        assert_eq!(nearest("b", ["a", "c"]), Some("a"));
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_missing_thing_is_told_with_its_place_and_its_neighbour() {
        let f = not_found("cluster", "asset-prd", &account("prod"), Some(&["asset-prod".to_owned()]));
        assert_eq!(f.kind(), FaultKind::NotFound);
        assert_eq!(f.told_sentence(), "there is no cluster `asset-prd` in account prod (222222222222, ap-northeast-1)");
        assert_eq!(f.told_hint().as_deref(), Some("the nearest name there is `asset-prod`"));
        assert!(not_found("cluster", "x", &account("prod"), Some(&[])).told_hint().unwrap().contains("right account"));
        assert_eq!(not_found("cluster", "x", &account("prod"), None).told_hint(), None);
        let listed = not_found("cluster", "asset-prod", &account("prod"), Some(&["asset-prod".to_owned()]));
        assert_eq!(listed.kind(), FaultKind::Unreachable);
    }
}
