//! Opening: the catalogue is the truth, and what the store holds is made to agree with it.

use std::collections::BTreeMap;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use crate::catalogue::{Catalogue, FORMAT, FileEntry, FileKind};
use crate::config::{LakeConfig, Orphans, Place};
use crate::error::LakeError;
use crate::lake::{Lake, Opened};
use crate::{naming, write};

impl Lake {
    /// Opens a tenant's lake.
    ///
    /// `catalogue`: every file entry that the caller has committed and not since removed. Objects
    /// in our own naming that it does not name are left over from a crash and are removed (or
    /// kept, see `Orphans`). Entries whose object is gone or has another size are not read, and
    /// are listed by `missing`.
    pub async fn open(config: LakeConfig, catalogue: Vec<FileEntry>) -> Result<Self, LakeError> {
        if let Some(newer) = catalogue.iter().find(|entry| entry.format > FORMAT) {
            let what = format!(
                "`{}` has format {}, and this release reads formats up to {FORMAT}",
                newer.path, newer.format
            );
            return Err(LakeError::Refused { what });
        }
        let (store, folder) = connect(&config.place)?;
        let objects = list(&store, &config).await?;
        let number_max = objects.keys().filter_map(|path| naming::number_of(path)).max();
        let is_there = |entry: &FileEntry| objects.get(&entry.path) == Some(&entry.bytes);
        let number_named = Catalogue::new(catalogue.clone()).number_max();
        let mut orphans = objects.clone();
        for entry in &catalogue {
            orphans.remove(&entry.path);
        }
        let (present, missing): (Vec<_>, Vec<_>) = catalogue.into_iter().partition(is_there);
        for entry in &missing {
            tracing::error!(path = entry.path, rows = entry.rows, "lake file missing or damaged");
        }
        let found = orphans.len() as u64;
        let (orphans_removed, orphans_kept) = match config.orphans {
            Orphans::Remove => (found, 0),
            Orphans::Keep => (0, found),
        };
        if config.orphans == Orphans::Remove {
            for path in orphans.keys() {
                write::delete(&store, path).await?;
            }
            remove_staged(&config, folder.clone()).await?;
        }
        if found > 0 {
            tracing::warn!(orphans_removed, orphans_kept, "lake files that no catalogue names");
        }
        let opened = Opened {
            store,
            folder,
            catalogue: Catalogue::new(present),
            missing,
            number_max: number_max.unwrap_or(0).max(number_named),
            orphans_removed,
            orphans_kept,
        };
        Ok(Self::from_opened(config, opened))
    }
}

fn connect(place: &Place) -> Result<(Arc<dyn ObjectStore>, Option<PathBuf>), LakeError> {
    match place {
        Place::Store(store) => Ok((Arc::clone(store), None)),
        Place::Folder(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|error| LakeError::io("making", folder, &error))?;
            let folder =
                folder.canonicalize().map_err(|error| LakeError::io("opening", folder, &error))?;
            let store = LocalFileSystem::new_with_prefix(&folder)
                .map_err(|error| LakeError::storage("opening", folder.display(), &error))?;
            Ok((Arc::new(store), Some(folder)))
        }
    }
}

/// Our own objects and their sizes.
async fn list(
    store: &Arc<dyn ObjectStore>,
    config: &LakeConfig,
) -> Result<BTreeMap<String, u64>, LakeError> {
    let mut objects = BTreeMap::new();
    for kind in [FileKind::Events, FileKind::Raw] {
        let prefix = naming::root(kind, &config.tenant);
        let mut stream = store.list(Some(&Path::from(prefix.as_str())));
        while let Some(meta) = stream
            .try_next()
            .await
            .map_err(|error| LakeError::storage("listing", &prefix, &error))?
        {
            let path = meta.location.to_string();
            if naming::is_ours(&path, &config.tenant) {
                objects.insert(path, meta.size);
            }
        }
    }
    Ok(objects)
}

/// A local store writes `NAME.parquet#N` and renames it; a crash between the two leaves that file
/// where the store itself never lists it.
async fn remove_staged(config: &LakeConfig, folder: Option<PathBuf>) -> Result<(), LakeError> {
    let Some(folder) = folder else { return Ok(()) };
    let tenant = config.tenant.clone();
    let work = move || {
        let is_staged = |path: &str| {
            naming::staged(path).is_some_and(|object| naming::is_ours(object, &tenant))
        };
        for kind in [FileKind::Events, FileKind::Raw] {
            let root = folder.join(naming::root(kind, &tenant));
            if root.is_dir() {
                remove_matching(&folder, &root, &is_staged)?;
            }
        }
        Ok(())
    };
    tokio::task::spawn_blocking(work).await.map_err(LakeError::encode)?
}

fn remove_matching(
    root: &FsPath,
    folder: &FsPath,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(), LakeError> {
    let failed = |doing| move |error| LakeError::io(doing, folder, &error);
    for item in std::fs::read_dir(folder).map_err(failed("listing"))? {
        let item = item.map_err(failed("listing"))?;
        let path = item.path();
        // Links are not followed: nothing of ours is one.
        let kind = item.file_type().map_err(failed("listing"))?;
        if kind.is_dir() {
            remove_matching(root, &path, is_wanted)?;
        } else if let Some(name) = path.strip_prefix(root).ok().and_then(FsPath::to_str)
            && is_wanted(name)
        {
            std::fs::remove_file(&path).map_err(failed("removing"))?;
        }
    }
    Ok(())
}
