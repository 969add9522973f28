//! `ports::registry` over ECR.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecr::types::ImageTagMutability;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::errors;
use super::errors::Refusal;
use super::nearest::not_found;
use super::operations::Operation;
use super::pages::Pages;
use super::session::{Session, Sessions};
use crate::model::fault::Fault;
use crate::model::fault::aws::Kind;
use crate::model::fault::call::Target;
use crate::model::pipeline::Account;
use crate::ports::images::{Access, Login};
use crate::ports::registry::{Registry, Repository};

pub struct Ecr {
    sessions: Arc<Sessions>,
}

impl Ecr {
    pub fn new(sessions: Arc<Sessions>) -> Ecr {
        Ecr { sessions }
    }
}

#[async_trait]
impl Registry for Ecr {
    async fn repository(&self, account: &Account, name: &str) -> Result<Repository, Fault> {
        let session = self.sessions.session(account).await?;
        repository(&session, name).await
    }

    async fn access(&self, account: &Account, name: &str) -> Result<Access, Fault> {
        let session = self.sessions.session(account).await?;
        let repository = repository(&session, name).await?;
        let answer = session.get_authorization_token(Target::Registry).send(|r| r.send()).await?;
        let data = answer.authorization_data().first();
        let (Some(token), Some(proxy)) =
            (data.and_then(|d| d.authorization_token()), data.and_then(|d| d.proxy_endpoint()))
        else {
            return Err(no_token(&session));
        };
        let insecure = proxy.starts_with("http://");
        Ok(Access {
            repository: repository.uri,
            login: Some(login(token).ok_or_else(|| no_token(&session))?),
            login_from: None,
            insecure,
        })
    }
}

async fn repository(session: &Session, name: &str) -> Result<Repository, Fault> {
    let call = session.describe_repositories(Target::Repository { repository: name.to_owned() });
    let answer = call.send(|r| r.repository_names(name).send()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return Err(explain(session, name, refusal).await),
    };
    let Some((found, uri)) = answer.repositories().first().and_then(|r| Some((r, r.repository_uri()?))) else {
        return Err(missing(session, name).await);
    };
    let immutable = matches!(
        found.image_tag_mutability(),
        Some(ImageTagMutability::Immutable | ImageTagMutability::ImmutableWithExclusion)
    );
    Ok(Repository { uri: uri.to_owned(), immutable_tags: immutable })
}

/// A missing repository gets its neighbour's name; the rest is the refusal's own fault.
pub(super) async fn explain(session: &Session, name: &str, refusal: Refusal) -> Fault {
    if refusal.is("RepositoryNotFoundException") { missing(session, name).await } else { refusal.fault }
}

/// `NotFound` with the nearest repository's name.
pub(super) async fn missing(session: &Session, name: &str) -> Fault {
    let names = names(session).await.ok();
    not_found(Kind::Repository, name, &session.account, names.as_deref())
}

async fn names(session: &Session) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.describe_repositories(Target::Repositories);
        let page = call.send(|r| r.max_results(1000).set_next_token(next).send()).await?;
        names.extend(page.repositories().iter().filter_map(|r| r.repository_name().map(str::to_owned)));
        pages.read(page.next_token());
    }
    Ok(names)
}

/// `base64(user:password)`; no part of it is repeated in an error.
fn login(token: &str) -> Option<Login> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Login { username: username.to_owned(), password: password.to_owned() })
}

fn no_token(session: &Session) -> Fault {
    let op = Operation::GetAuthorizationToken.on(Target::Registry);
    errors::incomplete(op, &session.account.name, "authorizationToken")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::instead;
    use crate::aws::testing::{Peer, Reply, account};
    use crate::model::fault::FaultKind;
    use crate::model::fault::aws::Instead;

    fn peer() -> Peer {
        Peer::new(|asked, _| match asked.op.as_str() {
            "DescribeRepositories" if asked.json().get("repositoryNames").is_none() => {
                let names =
                    if asked.json().get("nextToken").is_none() { ["billing", "zoo"] } else { ["asset-manager", "a"] };
                let list: Vec<_> = names.iter().map(|n| json!({"repositoryName": n, "repositoryUri": "x"})).collect();
                match asked.json().get("nextToken") {
                    None => Reply::Json(json!({"repositories": list, "nextToken": "2"})),
                    Some(_) => Reply::Json(json!({"repositories": list})),
                }
            }
            "DescribeRepositories" if asked.json()["repositoryNames"][0] == "asset-manager" => Reply::Json(json!({
                "repositories": [{"repositoryName": "asset-manager", "repositoryUri": "127.0.0.1:5000/asset-manager",
                                  "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}]})),
            "DescribeRepositories" => Reply::Error(400, "RepositoryNotFoundException", "not there"),
            "GetAuthorizationToken" => Reply::Json(json!({"authorizationData": [
                {"authorizationToken": STANDARD.encode("AWS:pass:word"), "proxyEndpoint": "http://127.0.0.1:5000"}]})),
            _ => Reply::Json(json!(null)),
        })
    }

    #[tokio::test]
    async fn access_comes_from_ecrs_answer() {
        let ecr = Ecr::new(peer().sessions());
        let access = ecr.access(&account("prod"), "asset-manager").await.unwrap();
        assert_eq!(access.repository, "127.0.0.1:5000/asset-manager");
        assert!(access.insecure);
        let login = access.login.unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("AWS", "pass:word"));
        assert!(ecr.repository(&account("prod"), "asset-manager").await.unwrap().immutable_tags);
    }

    #[tokio::test]
    async fn a_missing_repository_is_reported_with_the_nearest_name_of_all_pages() {
        let fault = Ecr::new(peer().sessions()).repository(&account("prod"), "asset-manger").await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::NotFound);
        assert_eq!(instead(&fault), &Instead::Nearest("asset-manager".into()));
    }
}
