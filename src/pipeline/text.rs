//! Bytes of a file as text.

use super::diagnostics::{Mistake, Span};

/// UTF-8, without the byte order mark that editors on Windows put first.
///
/// # Errors
/// What the bytes are instead, at the position where that shows.
pub fn decode(bytes: &[u8]) -> Result<String, Mistake> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(encoding) = utf16(body) {
        return Err(Mistake::new(Span::default(), format!("this file is {encoding}, not UTF-8"))
            .hint(format!("save it as UTF-8, or convert it: iconv -f {encoding} -t UTF-8")));
    }
    std::str::from_utf8(body).map(str::to_owned).map_err(|e| {
        let before = String::from_utf8_lossy(&body[..e.valid_up_to()]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let byte = body.get(e.valid_up_to()).copied().unwrap_or_default();
        Mistake::new(Span { line, column, length: 1 }, format!("this is not UTF-8 text: byte 0x{byte:02x} is here"))
            .hint("save it as UTF-8")
    })
}

/// Recognized by its byte order mark, or by a zero beside each of the first two letters.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    match *bytes {
        [0xff, 0xfe, ..] => Some("UTF-16LE"),
        [0xfe, 0xff, ..] => Some("UTF-16BE"),
        [a, 0, b, 0, ..] if a != 0 && b != 0 => Some("UTF-16LE"),
        [0, a, 0, b, ..] if a != 0 && b != 0 => Some("UTF-16BE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(decode(b"\xef\xbb\xbfa: 1").unwrap(), "a: 1");
        assert_eq!(decode("審査".as_bytes()).unwrap(), "審査");
    }

    #[test]
    fn another_encoding_is_named_with_its_position() {
        let utf16: Vec<u8> = "version: 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16).unwrap_err().message, "this file is UTF-16LE, not UTF-8");
        let marked = [&[0xfe, 0xff], &"a".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>()[..]].concat();
        assert_eq!(decode(&marked).unwrap_err().message, "this file is UTF-16BE, not UTF-8");
        // Shift_JIS.
        let mistake = decode(b"app: hello\nnote: \x8e\xa9").unwrap_err();
        assert_eq!(mistake.span, Span { line: 2, column: 7, length: 1 });
        assert_eq!(mistake.message, "this is not UTF-8 text: byte 0x8e is here");
    }
}
