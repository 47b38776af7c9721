/// Media types by the extension of a file's name, for what people leave each other.
public enum MediaType {
    /// What is taken where nothing else is known.
    public static let unknown = "application/octet-stream"

    /// The media type of a file by its name.
    public static func guess(fileName: String) -> String {
        guard let dot = fileName.lastIndex(of: "."), dot != fileName.startIndex else { return unknown }
        return byExtension[fileName[fileName.index(after: dot)...].lowercased()] ?? unknown
    }

    /// The extension of files of a media type, without its dot; `bin` where none is known.
    public static func fileExtension(of mediaType: String) -> String {
        let essence = mediaType.prefix { $0 != ";" && $0 != " " }.lowercased()
        return preferred[essence] ?? byExtension.filter { $0.value == essence }.keys.min() ?? "bin"
    }

    private static let byExtension = [
        "txt": "text/plain", "md": "text/markdown", "html": "text/html", "htm": "text/html", "csv": "text/csv",
        "vcf": "text/vcard", "ics": "text/calendar", "json": "application/json", "xml": "application/xml",
        "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip", "tar": "application/x-tar",
        "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/opus",
        "flac": "audio/flac", "m4a": "audio/mp4", "aac": "audio/aac", "amr": "audio/amr", "3gp": "video/3gpp",
        "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
        "mkv": "video/x-matroska",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "avif": "image/avif", "heic": "image/heic", "svg": "image/svg+xml", "tiff": "image/tiff", "tif": "image/tiff",
        "bmp": "image/bmp", "bin": "application/octet-stream",
    ]

    /// Where several extensions have one media type.
    private static let preferred = [
        "text/html": "html", "audio/ogg": "ogg", "video/mp4": "mp4", "image/jpeg": "jpg", "image/tiff": "tiff",
        "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav",
    ]
}
