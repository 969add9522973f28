//! Paths of the registry protocol, and the ECR action that each request needs.

use http::Method;

use crate::model::ids::{AccountId, Region};
use crate::sandbox::ecr::split_path;

/// A repository and what the path names in it.
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
    // Names may hold the protocol's own words: a path is read from its end.
    let (rest, last) = path.rsplit_once('/')?;
    let (name, word) = rest.rsplit_once('/')?;
    let last = last.to_owned();
    let (name, target) = match word {
        "manifests" => (name, Target::Manifest(last)),
        "referrers" => (name, Target::Referrers(last)),
        "tags" if last == "list" => (name, Target::Tags),
        "uploads" => {
            (name.strip_suffix("/blobs")?, if last.is_empty() { Target::Uploads } else { Target::Upload(last) })
        }
        "blobs" if last == "uploads" => (name, Target::Uploads),
        "blobs" => (name, Target::Blob(last)),
        _ => return None,
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

    /// The path of something else in the same repository.
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
