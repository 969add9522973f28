//! Amazon Resource Names, as far as they must be made or taken apart here.

use crate::model::ids::Region;
use crate::model::partition;
use crate::model::pipeline::Account;

/// The partition a region belongs to, as SDKs take it where their table does not know the region.
pub(super) fn partition(region: &Region) -> &'static str {
    partition::of(region.as_str()).map_or("aws", |partition| partition.id.as_str())
}

/// The ARN of a role that the pipeline file names or gives in full. A path before the name is kept.
pub(super) fn role(account: &Account, role: &str) -> String {
    if role.starts_with("arn:") {
        return role.to_owned();
    }
    format!("arn:{}:iam::{}:role/{role}", partition(&account.region), account.id)
}

/// The account id of an ARN, where it has one.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|a| !a.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::account;

    #[test]
    fn a_role_by_name_gets_the_partition_of_its_region() {
        let mut a = account("prod");
        assert_eq!(role(&a, "deploy"), "arn:aws:iam::222222222222:role/deploy");
        a.region = "cn-north-1".parse().unwrap();
        assert_eq!(role(&a, "deploy"), "arn:aws-cn:iam::222222222222:role/deploy");
        a.region = "us-gov-west-1".parse().unwrap();
        assert_eq!(role(&a, "team/deploy"), "arn:aws-us-gov:iam::222222222222:role/team/deploy");
        a.region = "eusc-de-east-1".parse().unwrap();
        assert_eq!(role(&a, "deploy"), "arn:aws-eusc:iam::222222222222:role/deploy");
        assert_eq!(role(&a, "arn:aws:iam::1:role/x"), "arn:aws:iam::1:role/x");
    }
}
