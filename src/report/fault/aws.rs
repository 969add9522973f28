//! Resources in AWS that do not exist or are not set up.

use crate::model::fault::aws::{AwsProblem, Instead, Kind, Within};
use crate::report::words::Words;

pub fn words(problem: &AwsProblem) -> Words {
    match problem {
        AwsProblem::Missing { kind, name, within, instead } => {
            let (kind, at) = (noun(*kind), location(within));
            let words = Words::new(format!("there is no {kind} `{name}` in {at}"));
            match instead {
                Instead::Unknown => words,
                Instead::Nothing => words.hint(format!("{at} has no {kind} at all: check the account and the region")),
                Instead::Nearest(name) => words.hint(format!("did you mean `{name}`?")),
            }
        }
        AwsProblem::ListedAndMissing { kind, name, within } => {
            let (kind, at) = (noun(*kind), location(within));
            Words::new(format!("AWS lists the {kind} `{name}` in {at}, but says that it does not exist"))
        }
        AwsProblem::ScanFrequencyManual { account, repository } => Words::new(format!(
            "Inspector scans nothing in repository {repository} of account {account}: its scan frequency is MANUAL"
        ))
        .hint("add a rule for it to the registry's scanning configuration (SCAN_ON_PUSH or CONTINUOUS_SCAN)"),
        AwsProblem::InspectorOff { account, region, status } => Words::new(format!(
            "Inspector does not scan ECR in account {account} ({region}): its status is {}",
            status.as_deref().unwrap_or("not reported")
        ))
        .hint(format!("enable it: `aws inspector2 enable --resource-types ECR --region {region}`")),
        AwsProblem::ImageGone { account, repository } => {
            Words::new(format!("an image of repository {repository} of account {account} no longer exists"))
                .hint("build the image again: a lifecycle policy may have removed it")
        }
        AwsProblem::ScanTypeUnknown { account, scan_type } => {
            Words::new(format!("account {account} uses a scan type that this kanmon does not know: {scan_type}"))
                .hint("use a newer kanmon")
        }
        AwsProblem::StopRefused { deployment, status } => {
            Words::new(format!("AWS refuses to stop service deployment {deployment}: its status is {status}"))
        }
        AwsProblem::TaskNotStarted { task_definition } => {
            Words::new(format!("ECS started no task of {task_definition}"))
        }
        AwsProblem::TableMissing { table, within } => {
            Words::new(format!("the table for the state, {table}, does not exist in {}", location(within))).hint(
                format!("create it once, then run this command again:\n{}", create(table, within.region.as_str())),
            )
        }
        AwsProblem::TableUnfit { table, account, region } => {
            Words::new(format!("table {table} in account {account} is not a table for kanmon's state"))
                .hint(format!("name another table; this command creates one:\n{}", create(table, region.as_str())))
        }
        AwsProblem::TableBusy { table } => Words::new(format!("table {table} is too busy; nothing was written")),
        AwsProblem::RecordContended => {
            Words::new("other processes kept writing to the same record; nothing was changed").hint("try again")
        }
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Cluster => "cluster",
        Kind::Service => "service",
        Kind::Repository => "repository",
        Kind::TaskDefinition => "task definition",
        Kind::Pipeline => "pipeline",
    }
}

/// An account or a cluster, with the account's id and region.
fn location(Within { account, id, region, cluster }: &Within) -> String {
    let account = format!("account {account} ({id}, {region})");
    cluster.as_ref().map_or_else(|| account.clone(), |cluster| format!("cluster {cluster} of {account}"))
}

fn create(table: &str, region: &str) -> String {
    let keys = "--attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S \
                --key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE";
    format!(
        "aws dynamodb create-table --region {region} --table-name {table} {keys} \
         --billing-mode PAY_PER_REQUEST --deletion-protection-enabled"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(cluster: Option<&str>) -> Within {
        Within {
            account: "prod".parse().unwrap(),
            id: "222222222222".parse().unwrap(),
            region: "ap-northeast-1".parse().unwrap(),
            cluster: cluster.map(str::to_owned),
        }
    }

    fn missing(kind: Kind, cluster: Option<&str>, instead: Instead) -> Words {
        words(&AwsProblem::Missing { kind, name: "asset-prd".into(), within: within(cluster), instead })
    }

    #[test]
    fn a_missing_resource_is_named_with_its_location_and_the_nearest_name() {
        let near = missing(Kind::Cluster, None, Instead::Nearest("asset-prod".into()));
        assert_eq!(near.sentence, "there is no cluster `asset-prd` in account prod (222222222222, ap-northeast-1)");
        assert_eq!(near.hints, ["did you mean `asset-prod`?"]);
        let none = missing(Kind::Service, Some("asset"), Instead::Nothing);
        assert!(none.sentence.contains("in cluster asset of account prod"), "{}", none.sentence);
        assert!(none.hints[0].contains("check the account and the region"));
        assert!(missing(Kind::Pipeline, None, Instead::Unknown).hints.is_empty());
    }
}
