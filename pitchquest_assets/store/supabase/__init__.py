"""Supabase: the project's settings, its Storage, uploads and downloads.

May be imported by the store and `cli`.
"""
