//! Certificate authorities beside the system's, as AWS's own tools are told of them.

/// The PEM that `AWS_CA_BUNDLE` names, or a profile's `ca_bundle`; `None` where neither does.
///
/// # Errors
/// A sentence: the file cannot be read, or holds no certificate.
pub fn named(of_profile: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    let variable = std::env::var("AWS_CA_BUNDLE").ok().filter(|file| !file.is_empty());
    let (name, file) = match (&variable, of_profile) {
        (Some(file), _) => ("AWS_CA_BUNDLE", file.as_str()),
        (None, Some(file)) => ("the profile's `ca_bundle`", file),
        (None, None) => return Ok(None),
    };
    let pem = std::fs::read(file).map_err(|error| format!("{name} names {file}, which cannot be read: {error}"))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(Some(pem)),
        Ok(_) | Err(_) => Err(format!("{name} names {file}, which holds no certificate in PEM")),
    }
}

/// The same for HTTP clients of our own, each by itself. What is wrong with the file is said where AWS is asked.
pub fn certificates() -> Vec<reqwest::Certificate> {
    let certificates = pems().into_iter().filter_map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).ok());
    certificates.collect()
}

/// The PEM of each certificate.
pub fn pems() -> Vec<String> {
    let pem = named(None).ok().flatten().unwrap_or_default();
    blocks(&String::from_utf8_lossy(&pem))
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// What stands between a beginning and its end; text between the certificates of a bundle is a comment.
fn blocks(text: &str) -> Vec<String> {
    let begun = text.split(BEGIN).skip(1);
    begun.filter_map(|rest| rest.split_once(END)).map(|(body, _)| format!("{BEGIN}{body}{END}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_taken_apart() {
        let one = format!("{BEGIN}\nMIIB\n{END}\n");
        assert_eq!(blocks(&format!("# a comment\n{one}\n# another\n{one}")), [one.clone(), one]);
        assert_eq!(blocks("no certificate"), [""; 0]);
    }
}
