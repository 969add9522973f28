//! Whether a cluster is there, and what else is.

use crate::aws::nearest::not_found;
use crate::aws::pages::Pages;
use crate::aws::session::Session;
use crate::model::arn;
use crate::model::aws::ecs::ClusterStatus;
use crate::model::fault::Fault;
use crate::model::fault::aws::Kind;
use crate::model::fault::call::Target;

pub(super) async fn check(session: &Session, name: &str) -> Result<(), Fault> {
    let call = session.describe_clusters(Target::Cluster { cluster: name.to_owned() });
    let answer = call.send(|r| r.clusters(name).send()).await?;
    // A deleted cluster is described as INACTIVE for a while.
    if answer.clusters().iter().any(|c| c.status().map(ClusterStatus::from) != Some(ClusterStatus::Inactive)) {
        return Ok(());
    }
    Err(missing(session, name).await)
}

/// `NotFound` with the nearest cluster's name.
pub(super) async fn missing(session: &Session, name: &str) -> Fault {
    let names = names(session).await.ok();
    not_found(Kind::Cluster, name, &session.account, names.as_deref())
}

async fn names(session: &Session) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.list_clusters(Target::Clusters);
        let page = call.send(|r| r.max_results(100).set_next_token(next).send()).await?;
        names.extend(page.cluster_arns().iter().map(|arn| arn::last(arn).to_owned()));
        pages.read(page.next_token());
    }
    Ok(names)
}
