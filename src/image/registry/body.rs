//! An answer's body, read no further than a limit.

use bytes::Bytes;
use reqwest::Response;

use super::limits::Limits;
use super::request_error::RequestError;
use crate::model::fault::registry::UnusableAnswer;

/// All of an answer's body, or nothing where it is larger than that: read no further than the limit.
///
/// # Errors
/// `Unusable` where it is too large; `Silent` where it broke off, `TimedOut` where it did not end in time.
pub async fn bounded(mut response: Response, limit: u64, limits: &Limits) -> Result<Bytes, RequestError> {
    let large = || RequestError::Unusable(UnusableAnswer::TooLarge { limit });
    if response.content_length().is_some_and(|n| n > limit) {
        return Err(large());
    }
    let reading = async {
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(RequestError::silent)? {
            if (read.len() + chunk.len()) as u64 > limit {
                return Err(large());
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read.into())
    };
    limits.transferred(limit, reading).await
}
