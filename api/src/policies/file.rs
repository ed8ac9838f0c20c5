//! Files that commands write: whole or not at all, where the name says, and as private as what stood there.

use std::fs::{File, Metadata, canonicalize, read_link, remove_file, rename};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::Fault;

/// How many links may lead from one to the next, as on Linux.
const LINKS_MAX: usize = 40;
/// How many names are tried for what is written beside: each one that is taken is another writer's, or was left by a crash.
const NAMES_MAX: u32 = 1_000;

/// Writes a file whole or not at all: what stood there stays until all of the new one is on the disk beside it. What is no file
/// (a terminal, a pipe, a device) is written to as it is.
pub fn put(to: &Path, bytes: &[u8]) -> Result<(), Fault> {
    written(to, bytes).map_err(|error| Fault::Data(format!("{}: {error}", to.display())))
}

fn written(to: &Path, bytes: &[u8]) -> io::Result<()> {
    // Opened as if to be written: what we may not write we may not replace either.
    match File::options().write(true).open(to) {
        Ok(mut there) => {
            let was = there.metadata()?;
            if was.is_file() {
                return replace(&canonicalize(to)?, Some(&was), bytes);
            }
            there.write_all(bytes)?;
            there.flush()
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            replace(&end_of_links(to)?, None, bytes)
        }
        Err(error) => Err(error),
    }
}

/// Where a file comes to be that a link names and that is not there yet.
fn end_of_links(from: &Path) -> io::Result<PathBuf> {
    let mut path = from.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(next) = read_link(&path) else { return Ok(path) };
        path = path.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    Err(io::Error::other("too many links lead from one to the next"))
}

/// Writes beside, then moves there. A crash before the move leaves what stood there, and a file whose name ends in `.part`.
fn replace(to: &Path, was: Option<&Metadata>, bytes: &[u8]) -> io::Result<()> {
    let (beside, mut file) = beside(to)?;
    let moved = keep(&file, was)
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| rename(&beside, to));
    if moved.is_err() {
        // What is left of it is of no use; the error that matters is the one above.
        let _ = remove_file(&beside);
    }
    moved
}

/// A new file in the same folder, under a name that nobody else has.
fn beside(to: &Path) -> io::Result<(PathBuf, File)> {
    let process = std::process::id();
    for number in 0..NAMES_MAX {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".{process}-{number}.part"));
        let path = PathBuf::from(name);
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("remove the files beside it whose names end in .part"))
}

/// Gives the new file owner and permissions of the old one, before it has content.
fn keep(file: &File, was: Option<&Metadata>) -> io::Result<()> {
    let Some(was) = was else { return Ok(()) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // Only an administrator may give files away; anybody else's becomes their own, as if they had made it.
        let _ = fchown(file, Some(was.uid()), Some(was.gid()));
    }
    file.set_permissions(was.permissions())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::{
        Permissions, metadata, read, read_dir, set_permissions, symlink_metadata, write,
    };
    use std::io::Read as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::process::{Command, Stdio};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<_> = names.map(|it| it.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        put(&page, b"one").unwrap();
        put(&page, b"two").unwrap();
        assert_eq!(read(&page).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["page.html"]);
        assert!(put(&folder.path().join("none/page.html"), b"").is_err());
    }

    #[test]
    fn a_link_stays_one_and_leads_to_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let [page, link, dangling] = ["page", "link", "dangling"].map(|it| folder.path().join(it));
        write(&page, "old").unwrap();
        symlink("page", &link).unwrap();
        symlink("later", &dangling).unwrap();
        put(&link, b"new").unwrap();
        put(&dangling, b"first").unwrap();
        assert!(symlink_metadata(&link).unwrap().is_symlink());
        assert!(symlink_metadata(&dangling).unwrap().is_symlink());
        assert_eq!(read(&page).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["dangling", "later", "link", "page"]);
    }

    #[test]
    fn permissions_stay_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page");
        write(&page, "old").unwrap();
        for mode in [0o600, 0o664] {
            set_permissions(&page, Permissions::from_mode(mode)).unwrap();
            put(&page, b"new").unwrap();
            assert_eq!(metadata(&page).unwrap().mode() & 0o777, mode);
        }
    }

    #[test]
    fn what_is_no_file_is_written_to_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).stdin(Stdio::null()).status().unwrap();
        assert!(made.success());
        let other_end = pipe.clone();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            File::open(other_end).unwrap().read_to_string(&mut text).unwrap();
            text
        });
        put(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(!metadata(&pipe).unwrap().is_file());
        assert_eq!(names(folder.path()), ["pipe"]);
    }

    #[test]
    fn two_writers_do_not_share_what_is_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page");
        let (theirs, mut file) = beside(&page).unwrap();
        file.write_all(b"half of theirs").unwrap();
        put(&page, b"all of ours").unwrap();
        assert_eq!(read(&page).unwrap(), b"all of ours");
        assert_eq!(read(&theirs).unwrap(), b"half of theirs");
    }
}
