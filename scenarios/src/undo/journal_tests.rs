//! A journal that is left behind, cut off, damaged or no journal at all.

use super::*;
use crate::target::Loaded;
use std::io::Write;

fn touched(number: u32) -> Touched {
    Touched {
        target: "mine".to_owned(),
        event: "disabled".to_owned(),
        user: format!("user-{number}"),
        number,
        loaded: Loaded::default(),
    }
}

#[tokio::test]
async fn what_was_not_undone_is_there_for_whoever_comes_later() {
    let directory = tempfile::tempdir().expect("a folder");
    let journal = Journal::of_new_run(directory.path());
    assert!(!journal.path().exists(), "a run without events leaves none");
    let first = journal.about_to_touch(touched(1)).await.expect("written");
    let second = journal.about_to_touch(touched(2)).await.expect("written");
    journal.undone(first).await.expect("written");
    let in_use = Journal::of_earlier_run(directory.path());
    assert!(matches!(in_use, Err(JournalError::InUse { .. })));
    drop(journal);
    let later = Journal::of_earlier_run(directory.path()).expect("a journal");
    assert_eq!(later.open(), [(second, touched(2))]);
    let third = later.about_to_touch(touched(3)).await.expect("written");
    later.undone(second).await.expect("written");
    drop(later);
    let last = Journal::of_earlier_run(directory.path()).expect("a journal");
    assert_eq!(last.open(), [(third, touched(3))]);
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_an_event_that_was_never_sent() {
    let directory = tempfile::tempdir().expect("a folder");
    let journal = Journal::of_new_run(directory.path());
    let first = journal.about_to_touch(touched(1)).await.expect("written");
    let mut file = OpenOptions::new()
        .append(true)
        .open(journal.path())
        .expect("opens");
    file.write_all(br#"{"touched":{"id":2,"wh"#)
        .expect("written");
    drop((journal, file));
    let later = Journal::of_earlier_run(directory.path()).expect("a journal");
    assert_eq!(later.open(), [(first, touched(1))]);
}

#[tokio::test]
async fn a_line_that_cannot_be_read_hides_nobody_else() {
    let directory = tempfile::tempdir().expect("a folder");
    let journal = Journal::of_new_run(directory.path());
    let first = journal.about_to_touch(touched(1)).await.expect("written");
    let mut file = OpenOptions::new()
        .append(true)
        .open(journal.path())
        .expect("opens");
    file.write_all(b"{\"touched\":{\"id\":2,\xff\n")
        .expect("written");
    let third = journal.about_to_touch(touched(3)).await.expect("written");
    drop((journal, file));
    let later = Journal::of_earlier_run(directory.path()).expect("a journal");
    assert_eq!(later.open(), [(first, touched(1)), (third, touched(3))]);
    assert_eq!(later.unreadable(), [3]);
}

#[test]
fn what_cannot_be_written_whole_is_taken_back() {
    let directory = tempfile::tempdir().expect("a folder");
    let mut file = create(&directory.path().join(JOURNAL_FILE)).expect("created");
    let line = Line::Undone { id: 1 };
    let torn = whole_or_not_at_all(&mut file, |file| {
        file.write_all(b"{\"touched\":{\"id\":1,\"wh")?;
        Err(io::ErrorKind::StorageFull.into())
    });
    assert!(torn.is_err());
    whole_or_not_at_all(&mut file, |file| write_lines(file, &[line])).expect("written");
    let text = fs::read_to_string(directory.path().join(JOURNAL_FILE)).expect("read");
    assert_eq!(text.lines().nth(1), Some("{\"undone\":{\"id\":1}}"));
    assert_eq!(parse(&text).map(|parsed| parsed.unreadable), Ok(Vec::new()));
}

#[test]
fn anything_else_is_no_journal() {
    let directory = tempfile::tempdir().expect("a folder");
    let read = |text: &str| {
        fs::write(directory.path().join(JOURNAL_FILE), text).expect("written");
        Journal::of_earlier_run(directory.path()).map_err(|error| error.to_string())
    };
    for (text, line) in [
        ("", 1),
        ("{\"schema\":\"authbench.undo/9\"}\n", 1),
        ("{\"undone\":{\"id\":1}}\n", 1),
    ] {
        let error = read(text).expect_err(text);
        assert!(
            error.contains(&format!("{JOURNAL_FILE}:{line}:")),
            "{error}"
        );
    }
}
