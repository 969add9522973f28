//! Why state cannot be kept where the command line or the pipeline file names.

use crate::model::ids::AccountName;
use crate::report::nearest;
use crate::report::words::Words;

/// The file has no such account. `known`: those that it has.
pub fn no_account<'a>(name: &AccountName, known: impl Iterator<Item = &'a str>) -> Words {
    let words = Words::new(format!("the pipeline file has no account `{name}` to keep state in"));
    Words { hints: nearest::hint(name.as_str(), known).into_iter().collect(), ..words }
}

/// Git tracks a file of the state. `folder`: the name of its folder.
pub fn tracked(folder: &str, file: &str) -> Words {
    Words::new(format!("the state is not used: git tracks {folder}/{file}"))
        .cause("whoever writes the repository could have written any record into it")
        .hint(format!(
            "`git rm --cached -r {folder}` removes it from git; if it came with a checkout, move the folder to another place"
        ))
}

/// `--state` has no valid form.
pub fn not_valid(given: &str) -> Words {
    Words::new(format!("`--state {given}` is not a valid location for state")).hint(
        "`local` is the repository's .kanmon folder, `local:DIR` another folder, `dynamodb://ACCOUNT/TABLE` a table \
         in one of the file's accounts",
    )
}
