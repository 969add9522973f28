//! Certificate authorities beside the system's, named as for AWS's own tools. A company's inspecting proxy is between kanmon and
//! everything else, so they count for AWS, registries and checks alike.

use crate::model::fault::Fault;
use crate::model::fault::credentials::{BundleNamedBy, CredentialsProblem};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The PEMs of the profiles that were used. An account is entered before its registry is asked or a stage of its is checked.
static OF_PROFILES: Mutex<BTreeSet<Vec<u8>>> = Mutex::new(BTreeSet::new());

/// The PEM that `AWS_CA_BUNDLE` or a profile's `ca_bundle` names; `None` where neither does. From then on, a profile's counts for
/// `certificates` too.
///
/// # Errors
/// `ToolMissing`: the file cannot be read, or holds no certificate.
pub fn named(of_profile: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
    read(std::env::var("AWS_CA_BUNDLE").ok().filter(|file| !file.is_empty()), of_profile)
}

fn read(variable: Option<String>, of_profile: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
    let (named_by, file) = match (&variable, of_profile) {
        (Some(file), _) => (BundleNamedBy::Environment, file.clone()),
        (None, Some(file)) => (BundleNamedBy::Profile, file.to_owned()),
        (None, None) => return Ok(None),
    };
    let pem = std::fs::read(&file).map_err(|error| {
        Fault::from(CredentialsProblem::BundleUnreadable { named_by, file: file.clone() }).said(error.to_string())
    })?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => {
            if variable.is_none() {
                of_profiles().insert(pem.clone());
            }
            Ok(Some(pem))
        }
        Ok(_) | Err(_) => Err(CredentialsProblem::BundleEmpty { named_by, file }.into()),
    }
}

/// The same for kanmon's own HTTP clients, one certificate each. A file that cannot be used is reported where AWS is called.
pub fn certificates() -> Vec<reqwest::Certificate> {
    let of_environment = named(None).ok().flatten();
    let pems: Vec<Vec<u8>> = of_environment.into_iter().chain(of_profiles().iter().cloned()).collect();
    let each = pems.iter().flat_map(|pem| blocks(&String::from_utf8_lossy(pem)));
    each.filter_map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).ok()).collect()
}

fn of_profiles() -> std::sync::MutexGuard<'static, BTreeSet<Vec<u8>>> {
    OF_PROFILES.lock().unwrap_or_else(PoisonError::into_inner)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a bundle; text between them is a comment.
fn blocks(text: &str) -> Vec<String> {
    let begun = text.split(BEGIN).skip(1);
    begun.filter_map(|rest| rest.split_once(END)).map(|(body, _)| format!("{BEGIN}{body}{END}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_split_into_its_certificates() {
        let one = format!("{BEGIN}\nMIIB\n{END}\n");
        assert_eq!(blocks(&format!("# a comment\n{one}\n# another\n{one}")), [one.clone(), one]);
        assert_eq!(blocks("no certificate"), [""; 0]);
    }

    /// Self-signed, for this test.
    const PEM: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBpDCCAUugAwIBAgIUM+JLNqUG0BW5hpZReDpvgX3UTsEwCgYIKoZIzj0EAwIw\n\
        JzElMCMGA1UEAwwcYSBjb21wYW55J3MgaW5zcGVjdGluZyBwcm94eTAgFw0yNjEx\n\
        MzAwOTI3NTJaGA8yMTI2MTEwNjA5Mjc1MlowJzElMCMGA1UEAwwcYSBjb21wYW55\n\
        J3MgaW5zcGVjdGluZyBwcm94eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDq+\n\
        S+3X5Xl+Z1qkqWBjnWcdHS78bipGTM4cgH8qmR4213VY29fFg9F+2zwzUnPK5NVe\n\
        wENvX0pZQ98LG8yU+kujUzBRMB0GA1UdDgQWBBQCRkhF2lva940ocjI8WJ4KVveb\n\
        oDAfBgNVHSMEGDAWgBQCRkhF2lva940ocjI8WJ4KVveboDAPBgNVHRMBAf8EBTAD\n\
        AQH/MAoGCCqGSM49BAMCA0cAMEQCIFYUaf2kCgrZHYtA6qVQMqoJjxccYO+SfCg2\n\
        V4IowN0eAiBwn/q0L9+BK05i1lPJwHgZLaBELKO81wFZrmKzDiQgxg==\n\
        -----END CERTIFICATE-----\n";

    #[test]
    fn the_authorities_of_a_used_profile_count_for_every_client() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("proxy.pem").display().to_string();
        std::fs::write(&file, PEM).unwrap();
        let before = certificates().len();
        assert!(read(None, Some(&file)).unwrap().is_some_and(|pem| pem == PEM.as_bytes()));
        assert_eq!(certificates().len(), before + 1);
        read(None, Some(&file)).unwrap();
        assert_eq!(certificates().len(), before + 1, "once");
    }
}
