"""Import and export: assistants, threads and messages as JSON, with their ids.

import_parser ─▶ import_models, import_records ─▶ importer
    JSON text      ─▶ checked records                ─▶ one transaction
exporter
    the store ─▶ objects in the shape of the API
"""
