//! What refers to a manifest (OCI distribution-spec, "Listing Referrers").

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LINK};
use reqwest::{Method, StatusCode, Url};

use super::body::bounded;
use super::request_error::{Foreign, Nature, RequestError};
use super::retry::{Attempt, Failed, with_retries};
use super::wire::Request;
use super::{MANIFEST_LIMIT, Repository};
use crate::image::manifest::{Content, Descriptor, Manifest, OCI_INDEX};
use crate::model::fault::Fault;
use crate::model::fault::registry::{RegistryProblem, UnusableAnswer, Work};
use crate::model::ids::Digest;

/// Pages of a listing: registries fit at least tens of descriptors on one.
const PAGES: usize = 50;

impl Repository<'_> {
    /// The manifests whose subject this digest is; `None` where the registry does not list them.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`, `Invalid` where there is no end to them.
    pub async fn referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Fault> {
        let work = || Work::ListReferrers { repository: self.name().to_owned() };
        let mut found = Vec::new();
        let mut asked_twice = false;
        let mut next = Some(self.url(&format!("referrers/{digest}")));
        for _ in 0..PAGES {
            let Some(url) = next.take() else { return Ok(Some(found)) };
            match with_retries(self.clock, Nature::Repeatable, |attempt| self.page(attempt, url.clone())).await {
                Ok((page, more)) => {
                    found.extend(page);
                    next = more;
                }
                // A registry that does not know the question answers what it answers to any unknown path, in whatever form. Something in
                // between may have answered so: it is asked a second time.
                Err(Failed { error: RequestError::Refused { status: 404 | 405, .. }, .. }) if !asked_twice => {
                    asked_twice = true;
                    next = Some(url);
                }
                Err(Failed { error: RequestError::Refused { status: 400 | 404 | 405, .. }, .. }) => return Ok(None),
                Err(e) => return Err(self.fault(&e, work())),
            }
        }
        Err(RegistryProblem::Unusable { work: work(), why: UnusableAnswer::TooManyPages { limit: PAGES } }.into())
    }

    async fn page(&self, attempt: Attempt, url: Url) -> Result<(Vec<Descriptor>, Option<Url>), RequestError> {
        let ask = Request::new(Method::GET, url.clone()).header(ACCEPT, HeaderValue::from_static(OCI_INDEX));
        let response = match self.wire.send(attempt, ask).await {
            // Servers that do not know the path answer in some other form.
            Err(RequestError::Foreign(Foreign::Answer { status: status @ (404 | 405), .. })) => {
                return Err(RequestError::Refused { status, errors: Vec::new(), token_server: None });
            }
            answer => answer?,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let foreign = || RequestError::foreign(status.as_u16(), &headers);
        let is_index = headers.get(CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(OCI_INDEX.as_bytes()));
        if status != StatusCode::OK || !is_index {
            return Err(foreign());
        }
        let bytes = bounded(response, MANIFEST_LIMIT, &self.wire.limits).await?;
        let Ok(Manifest { content: Content::Index(found), .. }) = Manifest::parse(bytes) else { return Err(foreign()) };
        let next = next(&headers).map(|to| self.wire.resolve(&url, &to)).transpose()?;
        Ok((found, next))
    }
}

/// `Link: </v2/…?next>; rel="next"`
fn next(headers: &HeaderMap) -> Option<String> {
    let (address, relation) = headers.get(LINK)?.to_str().ok()?.split_once('>')?;
    relation.contains("rel=\"next\"").then(|| address.trim().trim_start_matches('<').to_owned())
}
