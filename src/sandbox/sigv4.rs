//! Signature Version 4, checked as AWS checks it: the Authorization header of a request whose body is signed as a
//! whole.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Request};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use sha2::Sha256;

use super::iam::{Caller, Directory};
use super::wire::{CommonFault, Service};
use crate::model::ids::{Region, sha256_hex};

/// How far a request's date may differ from AWS's.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
     Secret Access Key and signing method. Consult the service documentation for details.";

/// Who signed a request, and for which region.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    pub caller: Caller,
    pub region: Region,
}

/// The Authorization header's parts.
struct Header<'a> {
    key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

/// Whether a request has a signature of AWS's APIs; registry requests do not, and some APIs' paths start like theirs.
pub fn is_signed(request: &Request<Bytes>) -> bool {
    request.headers().get("authorization").is_some_and(|v| v.as_bytes().starts_with(b"AWS4-HMAC-SHA256"))
}

/// Checks a request's signature and returns its owner.
pub fn authenticate(
    request: &Request<Bytes>,
    service: Service,
    directory: &Directory,
    now: Timestamp,
) -> Result<Signed, CommonFault> {
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let authorization = text("authorization").ok_or(CommonFault::MissingToken)?;
    let header = Header::read(authorization).ok_or_else(|| {
        CommonFault::BadSignature("Authorization header is not AWS4-HMAC-SHA256 as documented.".to_owned())
    })?;
    let key = directory.key(header.key_id).ok_or(CommonFault::UnknownKey)?;
    if key.token.as_deref() != text("x-amz-security-token") {
        return Err(CommonFault::UnknownKey);
    }
    let stamp = text("x-amz-date").unwrap_or_default();
    let date = amz_date(stamp).ok_or_else(|| {
        CommonFault::BadSignature("Date in X-Amz-Date is missing or not in ISO 8601 basic format.".to_owned())
    })?;
    check_date(stamp, date, now)?;
    if header.service != service.signing_name() {
        return Err(CommonFault::BadSignature(format!(
            "Credential should be scoped to correct service: '{}'. ",
            service.signing_name()
        )));
    }
    let region: Region = header.region.parse().map_err(|_| {
        CommonFault::BadSignature(format!("Credential should be scoped to a valid region, not '{}'. ", header.region))
    })?;
    if !stamp.starts_with(header.date)
        || signature(request, &header, stamp, &key.secret).as_deref() != Some(header.signature)
    {
        return Err(CommonFault::BadSignature(MISMATCH.to_owned()));
    }
    // Only the holder of a session gets the error that it has expired.
    if key.expires.is_some_and(|at| at <= now) {
        return Err(CommonFault::ExpiredToken);
    }
    Ok(Signed { caller: key.caller.clone(), region })
}

impl<'a> Header<'a> {
    fn read(value: &'a str) -> Option<Header<'a>> {
        let parts = value.strip_prefix("AWS4-HMAC-SHA256")?;
        let part = |name: &str| parts.split(',').map(str::trim).find_map(|p| p.strip_prefix(name)?.strip_prefix('='));
        let mut scope = part("Credential")?.split('/');
        let (key_id, date, region, service) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        if scope.next()? != "aws4_request" || scope.next().is_some() || date.len() != 8 {
            return None;
        }
        let signed_headers: Vec<&str> = part("SignedHeaders")?.split(';').collect();
        // An unsigned host would let a signature be used elsewhere.
        signed_headers.contains(&"host").then_some(())?;
        Some(Header { key_id, date, region, service, signed_headers, signature: part("Signature")? })
    }
}

/// `20260131T094500Z` as a time.
fn amz_date(stamp: &str) -> Option<Timestamp> {
    let at = civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

fn stamp_of(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn check_date(stamp: &str, date: Timestamp, now: Timestamp) -> Result<(), CommonFault> {
    let now_stamp = stamp_of(now);
    if date < now - SKEW {
        let limit = stamp_of(now - SKEW);
        let message = format!("Signature expired: {stamp} is now earlier than {limit} ({now_stamp} - 15 min.)");
        return Err(CommonFault::BadSignature(message));
    }
    if date > now + SKEW {
        let limit = stamp_of(now + SKEW);
        let message = format!("Signature not yet current: {stamp} is still later than {limit} ({now_stamp} + 15 min.)");
        return Err(CommonFault::BadSignature(message));
    }
    Ok(())
}

fn signature(request: &Request<Bytes>, header: &Header, stamp: &str, secret: &str) -> Option<String> {
    let canonical = canonical_request(request, &header.signed_headers)?;
    let scope = format!("{}/{}/{}/aws4_request", header.date, header.region, header.service);
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let mut key = hmac(format!("AWS4{secret}").as_bytes(), header.date.as_bytes());
    for part in [header.region, header.service, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    Some(hex::encode(hmac(&key, to_sign.as_bytes())))
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// `None` where a header that was signed is not there.
fn canonical_request(request: &Request<Bytes>, signed: &[&str]) -> Option<String> {
    let mut headers = String::new();
    for name in signed {
        headers.push_str(&format!("{name}:{}\n", header_values(request.headers(), name)?));
    }
    // The body's own hash, whatever x-amz-content-sha256 claims: a changed body must not pass.
    let payload = sha256_hex(request.body());
    let (path, query) = (canonical_path(request.uri().path()), canonical_query(request.uri().query().unwrap_or("")));
    Some(format!("{}\n{path}\n{query}\n{headers}\n{}\n{payload}", request.method(), signed.join(";")))
}

fn header_values(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Option<Vec<String>> = headers
        .get_all(name)
        .iter()
        .map(|v| Some(v.to_str().ok()?.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    values.filter(|v| !v.is_empty()).map(|v| v.join(","))
}

/// Each segment escaped once more, as all services but S3 want it.
fn canonical_path(path: &str) -> String {
    if path.is_empty() { "/".to_owned() } else { path.split('/').map(escape).collect::<Vec<_>>().join("/") }
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> =
        query.split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, ""))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&")
}

fn escape(segment: &str) -> String {
    let keep = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    segment.bytes().map(|b| if keep(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
