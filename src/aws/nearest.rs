//! The existing name that is most like a name that does not exist.

use crate::model::fault::Fault;
use crate::model::fault::aws::{AwsProblem, Instead, Kind, Within};
use crate::model::nearest::distance;
use crate::model::pipeline::Account;

/// The name with the smallest edit distance to `wanted`, the first in alphabetical order where several are as near.
pub(super) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names.into_iter().min_by_key(|n| (distance(&wanted.to_lowercase(), &n.to_lowercase()), *n))
}

/// A `NotFound` that names what is there instead; `names`: `None` where it could not be listed.
pub(super) fn not_found(kind: Kind, wanted: &str, account: &Account, names: Option<&[String]>) -> Fault {
    not_found_in(within(account), kind, wanted, names)
}

/// The same, somewhere within an account.
pub(super) fn not_found_in(within: Within, kind: Kind, wanted: &str, names: Option<&[String]>) -> Fault {
    let name = wanted.to_owned();
    if names.is_some_and(|names| names.iter().any(|n| n == wanted)) {
        // It may have been created just now; the next answer will show.
        return AwsProblem::ListedAndMissing { kind, name, within }.into();
    }
    let instead = match names.map(|names| nearest(wanted, names.iter().map(String::as_str))) {
        None => Instead::Unknown,
        Some(None) => Instead::Nothing,
        Some(Some(near)) => Instead::Nearest(near.to_owned()),
    };
    AwsProblem::Missing { kind, name, within, instead }.into()
}

pub(super) fn within(account: &Account) -> Within {
    Within { account: account.name.clone(), id: account.id.clone(), region: account.region.clone(), cluster: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{account, instead};
    use crate::model::fault::FaultKind;

    #[test]
    fn the_fewest_edits_win() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("asset-manger", ["billing", "asset-manager", "asset"]), Some("asset-manager"));
        assert_eq!(nearest("b", ["a", "c"]), Some("a"));
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_missing_thing_is_reported_with_the_nearest_name() {
        let found = |wanted: &str, names: Option<&[String]>| not_found(Kind::Cluster, wanted, &account("prod"), names);
        let all = ["asset-prod".to_owned()];
        let near = found("asset-prd", Some(&all));
        assert_eq!((near.kind(), instead(&near)), (FaultKind::NotFound, &Instead::Nearest("asset-prod".into())));
        assert_eq!(instead(&found("x", Some(&[]))), &Instead::Nothing);
        assert_eq!(instead(&found("x", None)), &Instead::Unknown);
        assert_eq!(found("asset-prod", Some(&all)).kind(), FaultKind::Unreachable);
    }
}
