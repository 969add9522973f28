//! Writes the journals of the stories into the corpus that every later version reads (`src/journal/corpus.rs` tests that).

use kanmon::model::ending::Ending;
use kanmon::ports::journal::Record;

/// If `KANMON_WRITE_JOURNALS` names a folder, writes a journal there, named after the code of its ending.
pub fn write(record: &Record, ending: &Ending) {
    let Some(dir) = std::env::var_os("KANMON_WRITE_JOURNALS") else { return };
    let text = kanmon::journal::to_file(record).expect("a record has a file");
    let name = format!("{}.{:08x}.jsonl", ending.reason.code(), fingerprint(&text));
    std::fs::write(std::path::Path::new(&dir).join(name), text).expect("the folder can be written");
}

fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(2_166_136_261, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
}
