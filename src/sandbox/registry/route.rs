//! Paths of the registry protocol, and the ECR action that each request needs.

use http::Method;

use crate::model::ids::{AccountId, Region};
use crate::sandbox::ecr::split_path;

/// A repository and what of it is meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub account: AccountId,
    pub region: Region,
    pub repository: String,
    pub target: Target,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Uploads,
    Upload(String),
    Blob(String),
    Manifest(String),
    Tags,
    Referrers(String),
}

/// Reads a path below `/v2/`; `None` where it names no repository of this registry.
pub fn route(path: &str) -> Option<Route> {
    let path = path.strip_prefix("/v2/")?;
    let (name, target) = if let Some(name) = path.strip_suffix("/tags/list") {
        (name, Target::Tags)
    } else if let Some((name, id)) = path.rsplit_once("/blobs/uploads") {
        match id.trim_start_matches('/') {
            "" => (name, Target::Uploads),
            id => (name, Target::Upload(id.to_owned())),
        }
    } else if let Some((name, digest)) = path.rsplit_once("/blobs/") {
        (name, Target::Blob(digest.to_owned()))
    } else if let Some((name, reference)) = path.rsplit_once("/manifests/") {
        (name, Target::Manifest(reference.to_owned()))
    } else {
        let (name, digest) = path.rsplit_once("/referrers/")?;
        (name, Target::Referrers(digest.to_owned()))
    };
    let (account, region, repository) = split_path(name)?;
    Some(Route { account, region, repository: repository.to_owned(), target })
}

impl Route {
    /// The ECR operation that the request comes down to.
    pub fn operation(&self, method: &Method) -> &'static str {
        match &self.target {
            Target::Uploads => "InitiateLayerUpload",
            Target::Upload(_) if method == Method::PUT => "CompleteLayerUpload",
            Target::Upload(_) => "UploadLayerPart",
            Target::Blob(_) if method == Method::HEAD => "BatchCheckLayerAvailability",
            Target::Blob(_) => "GetDownloadUrlForLayer",
            Target::Manifest(_) if method == Method::PUT => "PutImage",
            Target::Manifest(_) => "BatchGetImage",
            Target::Tags => "ListImages",
            Target::Referrers(_) => "ListImageReferrers",
        }
    }

    /// The path of another thing of the same repository.
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/{}.{}/{}/{rest}", self.account, self.region, self.repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_slashes_and_words_of_the_protocol() {
        let r = route("/v2/111111111111.ap-northeast-1/team/blobs/app/manifests/v1").unwrap();
        assert_eq!((r.repository.as_str(), r.target), ("team/blobs/app", Target::Manifest("v1".to_owned())));
        let r = route("/v2/111111111111.ap-northeast-1/app/blobs/uploads/").unwrap();
        assert_eq!(r.target, Target::Uploads);
        assert_eq!(route("/v2/library/app/manifests/v1"), None);
    }
}
